"""Layouts have a company now. Without one they are shared by all, and for administrators alone to change."""


def migrate(cr, version):
    """Managers may change what they could change: in a database with one company, its layouts; else those that one company alone
    made and uses. Shipped layouts that nobody uses, or that another company may want, stay for all."""
    cr.execute(
        """
        UPDATE plc_register_layout layout SET company_id = CASE
            WHEN cardinality(found.companies) = 1 AND (NOT found.is_shipped OR found.is_alone) THEN found.companies[1]
            WHEN cardinality(found.companies) = 0 AND found.is_alone AND NOT found.is_shipped THEN found.one
        END
          FROM (
            SELECT known.id,
                   ARRAY(SELECT DISTINCT company_id FROM plc_controller WHERE layout_id = known.id) AS companies,
                   EXISTS (
                       SELECT FROM ir_model_data
                        WHERE module = 'plc_mo_batch' AND model = 'plc.register.layout' AND res_id = known.id
                   ) AS is_shipped,
                   (SELECT count(*) = 1 FROM res_company) AS is_alone,
                   (SELECT min(id) FROM res_company) AS one
              FROM plc_register_layout known
          ) found
         WHERE found.id = layout.id
        """
    )
