{
    "name": "Torture hook",
    "summary": "Server-wide module of dev/torture and dev/soak: never installed, loaded with --load by them alone",
    "author": "plc_mo_batch",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "depends": ["base"],
    "installable": False,
}
