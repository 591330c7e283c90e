{#- These two macros replace dbt's own. If a model has a dbt contract, its table is filled before its
    foreign keys are added. PostgreSQL then checks all rows with one join. If the foreign keys
    existed first, PostgreSQL would look up the key of each row, which takes longer than computing
    the rows. The table is analysed before the join, because without statistics the join takes
    minutes. A foreign key locks the table to which it refers, so all models add their keys in the
    same order: otherwise two models that are built at the same time could wait for each other. On target
    `development` there are no foreign keys, because they could lead to tables that were not selected. -#}
{% macro postgres__get_table_columns_and_constraints() -%}
    {%- set lines = adapter.render_raw_columns_constraints(raw_columns=model["columns"]) -%}
    {%- set others = model["constraints"] | rejectattr("type", "equalto", "foreign_key") | list -%}
    ({{ (lines + adapter.render_raw_model_constraints(raw_constraints=others)) | join(", ") }})
{%- endmacro %}

{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ config.get("sql_header") or "" }}
    {% if temporary or not config.get("contract").enforced -%}
        create {{ "temporary" if temporary }} table {{ relation }} as ({{ sql }}) {{ "with no data" if without_rows() }};
    {%- else -%}
        {{ get_assert_columns_equivalent(sql) }}
        create table {{ relation }} {{ get_table_columns_and_constraints() }};
        {% if not without_rows() -%}
            insert into {{ relation }} ({{ adapter.dispatch("get_column_names", "dbt")() }}) ({{ get_select_subquery(sql) }});
        {%- endif %}
        analyze {{ relation }}
        ;
        {%- for line in adapter.render_raw_model_constraints(
            raw_constraints=model["constraints"]
            | selectattr("type", "equalto", "foreign_key")
            | sort(attribute="to")
        ) if target.name != "development" %}
        alter table {{ relation }} add {{ line }};
        {%- endfor %}
    {%- endif %}
{%- endmacro %}

{#- Whether tables are made without rows, because another engine computes the rows. The table then has
    the columns, types and constraints that it would have with rows. -#}
{% macro without_rows() -%}
    {{ return(env_var("ASSURANCE_DBT_WITHOUT_ROWS", "no") == "yes") }}
{%- endmacro %}
