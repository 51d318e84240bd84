from . import (
    test_bags_of_strangers,
    test_event_areas,
    test_hand_adds_at_scale,
    test_labels_of_bags,
    test_scale_race,
)
