{#- Write the descriptions of a mart and of its columns into the database, in one statement. dbt's own
    macro asks the database twice for the columns first. Here the mart's dbt contract has already
    made sure that the table has exactly the described columns. -#}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- if for_relation and config.persist_relation_docs() -%}
        {%- if not config.get("contract").enforced -%}
            {{ exceptions.raise_compiler_error("Only a model with a contract can be described.") }}
        {%- endif -%}
        {%- call statement("comments") -%}
            {{ postgres__alter_relation_comment(relation, model.description) }}
            {% for column in model.columns.values() -%}
                comment on column {{ relation }}.{{ adapter.quote(column.name) }} is
                {{ postgres_escape_comment(column.description) }}
                ;
            {% endfor %}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
