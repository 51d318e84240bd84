import { useEffect } from "@odoo/owl";

/**
 * Who works with the keyboard must not lose the place: neither where a button vanishes under the focus, nor when a dialog that it
 * opened is closed. Where the button is gone the focus moves to the name of what it was about, never to another button: a second
 * press of Enter must do nothing.
 *
 * @returns {Function} keeps the place that has the focus now, and gives a function that gives it back
 */
export function useKeptFocus(ref) {
    let focused = null;
    let around = [];

    const remember = ({ target }) => {
        focused = target;
        around = [];
        for (let place = target.parentElement; place && place !== ref.el.parentElement; place = place.parentElement) {
            around.push(place);
        }
    };
    const forget = ({ relatedTarget }) => {
        if (relatedTarget && !ref.el?.contains(relatedTarget)) {
            focused = null; // it went elsewhere by itself
        }
    };
    const focusNear = (button, places) => {
        if (!button || document.activeElement !== document.body) {
            return;
        }
        const near = places.filter((place) => place.isConnected).map((place) => place.querySelector(".o_plc_link, .o_plc_button"));
        const found = button.isConnected ? button : near.find(Boolean);
        found?.focus({ preventScroll: true });
    };

    useEffect(
        (board) => {
            const observer = new MutationObserver(() => focused?.isConnected || focusNear(focused, around));
            observer.observe(board, { childList: true, subtree: true });
            board.addEventListener("focusin", remember);
            board.addEventListener("focusout", forget);
            return () => observer.disconnect();
        },
        () => [ref.el]
    );

    return () => {
        const [button, places] = [focused, around];
        return () => setTimeout(() => focusNear(button, places));
    };
}
