import { getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

import { ChartField, SCHEME, TEXT } from "./chart_field";

const DOSE = getCustomColor(SCHEME, "#017e84", "#35b8be");
const BAND = getCustomColor(SCHEME, "rgba(1, 126, 132, 0.15)", "rgba(53, 184, 190, 0.2)");
const OUTSIDE = getCustomColor(SCHEME, "#dc3545", "#ff7a85");

/** The deviation of each dose, with the band in which most lie, and the limits that they should keep. */
export class BandField extends ChartField {
    get band() {
        return this.value || { doses: [] };
    }

    get summary() {
        const { doses, mean, low, high } = this.band;
        return _t("%(count)s doses: on average %(mean)s percent from plan, most of them between %(low)s and %(high)s", {
            count: doses.length,
            mean,
            low,
            high,
        });
    }

    line(label, values, options = {}) {
        return { label, data: values, pointRadius: 0, borderWidth: 1, fill: false, ...options };
    }

    datasets() {
        const { doses, low, mean, high, tolerances } = this.band;
        const flat = (value) => doses.map(() => value);
        const isOutside = doses.map((dose, index) => tolerances[index] !== null && Math.abs(dose) > tolerances[index]);
        const colours = isOutside.map((outside) => (outside ? OUTSIDE : DOSE));
        const limit = { borderColor: OUTSIDE, borderDash: [6, 4] };
        const datasets = [
            this.line(_t("Dose"), doses, {
                borderColor: DOSE,
                pointRadius: 3,
                pointBackgroundColor: colours,
                pointBorderColor: colours,
            }),
            this.line(_t("Mean"), flat(mean), { borderColor: TEXT, borderDash: [2, 2] }),
            this.line(_t("Mean and spread"), flat(high), { borderColor: BAND, backgroundColor: BAND, fill: "+1" }),
            this.line("", flat(low), { borderColor: BAND }),
        ];
        if (tolerances.some((each) => each !== null)) {
            datasets.push(this.line(_t("Tolerance"), tolerances, limit));
            datasets.push(this.line("", tolerances.map((each) => each && -each), limit));
        }
        return datasets;
    }

    config() {
        const { moments, batches } = this.band;
        return this.lines(
            { labels: moments, datasets: this.datasets() },
            {
                interaction: { mode: "index", intersect: false },
                plugins: {
                    legend: { labels: { filter: (item) => Boolean(item.text) } },
                    tooltip: {
                        filter: (item) => item.datasetIndex === 0,
                        callbacks: { footer: ([item]) => (item ? batches[item.dataIndex] : "") },
                    },
                },
                scales: {
                    x: this.axis("", { ticks: { color: TEXT, maxTicksLimit: 6, maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false } }),
                    y: this.axis(_t("Deviation (%)")),
                },
            }
        );
    }
}

registry.category("fields").add("plc_band", { component: BandField, supportedTypes: ["json"] });
