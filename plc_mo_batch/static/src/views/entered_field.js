import { registry } from "@web/core/registry";
import { FloatField, floatField } from "@web/views/fields/float/float_field";

/** A quantity that somebody enters: below 0 it was not entered yet, and nothing is shown. Zero is a quantity. */
export class EnteredField extends FloatField {
    get formattedValue() {
        return this.value < 0 ? "" : super.formattedValue;
    }

    parse(value) {
        return value.trim() ? super.parse(value) : -1;
    }
}

registry.category("fields").add("plc_entered", { ...floatField, component: EnteredField });
