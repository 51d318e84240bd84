from . import (
    test_generate_layout,
    test_layout_companies,
    test_layout_constants,
    test_layout_edit,
    test_layout_import,
    test_layout_paste,
    test_layout_steps,
    test_node_browse,
    test_register_page,
)
