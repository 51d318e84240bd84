import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getCustomColor } from "@web/core/colors/colors";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

export const SCHEME = cookie.get("color_scheme");
export const TEXT = getCustomColor(SCHEME, "#111827", "#E4E4E4");
export const GRID = getCustomColor(SCHEME, "#d8dadd", "#3C3E4B");

/** A field that is a chart, drawn by the library that Odoo brings. Those that extend it say what is drawn. */
export class ChartField extends Component {
    static template = "plc_mo_batch.ChartField";
    static props = { ...standardFieldProps };
    static height = 300; // in pixels

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                const chart = this.canvas.el && new Chart(this.canvas.el, this.config());
                return () => chart?.destroy();
            },
            () => [this.value]
        );
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get height() {
        return this.constructor.height;
    }

    /** Why there is nothing to draw; empty where there is. */
    get missing() {
        return "";
    }

    /** For who does not see the picture. */
    get summary() {
        return "";
    }

    /** An axis in the colors of the page; ``text`` is its title. */
    axis(text, options = {}) {
        return { title: { display: Boolean(text), text, color: TEXT }, ticks: { color: TEXT }, grid: { color: GRID }, ...options };
    }

    /**
     * What Chart.js is given.
     *
     * @param {Object} data as Chart.js takes it
     * @param {Object} options besides those of each chart
     */
    lines(data, { plugins, ...options }) {
        const { legend, ...others } = plugins;
        const labels = { color: TEXT, boxWidth: 24, boxHeight: 2, ...legend?.labels };
        const shared = { maintainAspectRatio: false, animation: false, plugins: { ...others, legend: { ...legend, labels } } };
        return { type: "line", data, options: { ...shared, ...options } };
    }
}
