import { getColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

import { ChartField, SCHEME } from "./chart_field";

/** How each dose of a batch grew: kilograms over the minutes since its start. */
export class CurvesField extends ChartField {
    static height = 360;

    get curves() {
        return this.value || { doses: [], missing: "" };
    }

    get missing() {
        return this.curves.missing;
    }

    get summary() {
        return this.curves.doses.map(({ name, points }) => `${name}: ${points.at(-1)[1]} kg`).join(", ");
    }

    dataset({ name, source, points }, index) {
        const color = getColor(index, SCHEME, this.curves.doses.length);
        return {
            label: name,
            source,
            data: points.map(([seconds, kilograms]) => ({ x: seconds / 60, y: kilograms })),
            borderColor: color,
            backgroundColor: color,
            borderWidth: 2,
            pointRadius: 0,
            pointHitRadius: 8,
        };
    }

    config() {
        return this.lines(
            { datasets: this.curves.doses.map((dose, index) => this.dataset(dose, index)) },
            {
                interaction: { mode: "nearest", intersect: false },
                plugins: {
                    legend: { position: "bottom" },
                    tooltip: {
                        callbacks: {
                            title: ([item]) => (item ? _t("%s min", item.parsed.x.toFixed(1)) : ""),
                            footer: ([item]) => (item ? item.dataset.source : ""),
                        },
                    },
                },
                scales: {
                    x: this.axis(_t("Minutes since the start"), { type: "linear", min: 0, grid: { display: false } }),
                    y: this.axis(_t("kg"), { beginAtZero: true }),
                },
            }
        );
    }
}

registry.category("fields").add("plc_curves", { component: CurvesField, supportedTypes: ["json"] });
