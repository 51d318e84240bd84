from odoo import models

from .plc_board import CHANNEL


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        channels = list(channels)
        if CHANNEL in channels:
            channels.remove(CHANNEL)
            channels += self.env["plc.board"]._channels()
        return super()._build_bus_channel_list(channels)
