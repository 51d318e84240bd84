from . import mo_batch_weight
