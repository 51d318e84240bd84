import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getColor, getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const SCHEME = cookie.get("color_scheme");
const GRID = getCustomColor(SCHEME, "#d8dadd", "#3C3E4B");
const TEXT = getCustomColor(SCHEME, "#111827", "#E4E4E4");

/** How each dose of a batch grew: kilograms over the minutes since its start. */
export class CurvesField extends Component {
    static template = "plc_mo_batch.CurvesField";
    static props = { ...standardFieldProps };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                const chart = this.canvas.el && new Chart(this.canvas.el, this.config());
                return () => chart?.destroy();
            },
            () => [this.props.record.data[this.props.name]]
        );
    }

    get curves() {
        return this.props.record.data[this.props.name] || { doses: [], missing: "" };
    }

    /** For who does not see the picture. */
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
        const title = (text) => ({ display: true, text, color: TEXT });
        return {
            type: "line",
            data: { datasets: this.curves.doses.map((dose, index) => this.dataset(dose, index)) },
            options: {
                maintainAspectRatio: false,
                animation: false,
                interaction: { mode: "nearest", intersect: false },
                plugins: {
                    legend: { position: "bottom", labels: { color: TEXT, boxWidth: 24, boxHeight: 2 } },
                    tooltip: {
                        callbacks: {
                            title: ([item]) => (item ? _t("%s min", item.parsed.x.toFixed(1)) : ""),
                            footer: ([item]) => (item ? item.dataset.source : ""),
                        },
                    },
                },
                scales: {
                    x: { type: "linear", min: 0, title: title(_t("Minutes since the start")), ticks: { color: TEXT }, grid: { display: false } },
                    y: { beginAtZero: true, title: title(_t("kg")), ticks: { color: TEXT }, grid: { color: GRID } },
                },
            },
        };
    }
}

registry.category("fields").add("plc_curves", { component: CurvesField, supportedTypes: ["json"] });
