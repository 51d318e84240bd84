from . import test_event_areas
