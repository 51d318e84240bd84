from . import (
    test_event_areas,
    test_hand_adds_at_scale,
    test_scale_race,
)
