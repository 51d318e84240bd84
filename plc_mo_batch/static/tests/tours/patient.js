import { registry } from "@web/core/registry";

/** A tour of these steps. On a busy machine a page takes longer than the 10 s that Odoo gives a step; 60 s is the most that it allows. */
export function tour(name, steps) {
    registry.category("web_tour.tours").add(name, {
        steps: () => steps().map((step) => ({ timeout: 60000, ...step })),
    });
}
