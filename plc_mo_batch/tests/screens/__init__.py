from . import (
    test_batch_screen,
    test_board,
    test_board_tours,
    test_dialogs,
    test_hand_add_tour,
    test_home,
    test_layout_tours,
    test_protocol_pages,
    test_settings,
    test_setup,
    test_silo_tours,
    test_tours,
)
