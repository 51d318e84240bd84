import { evaluateBooleanExpr } from "@web/core/py_js/py";
import { registry } from "@web/core/registry";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

/**
 * A button over the list is there exactly when it may be used: its `invisible` is evaluated with those flags
 * (is_action_…_allowed) that hold for every batch that is selected.
 */
export class MoBatchListController extends ListController {
    evalViewModifier(modifier) {
        const { evalContext, selection } = this.model.root;
        const flags = Object.keys(this.props.fields).filter((name) => /^is_action_\w+_allowed$/.test(name));
        const allowed = flags.map((name) => [
            name,
            selection.length > 0 && selection.every((batch) => batch.data[name]),
        ]);
        return evaluateBooleanExpr(modifier, { ...evalContext, ...Object.fromEntries(allowed) });
    }
}

registry.category("views").add("mo_batch_list", { ...listView, Controller: MoBatchListController });
