{#- Build a table under its own name. dbt's own way builds it under another name, renames the old
    table and then the new one, and drops the old one. That keeps the old table readable while the
    new one is built. A build of this project finds no old table: the tables of the last build have
    been published, moved aside or dropped before. So the renames would only cost time. If there is
    an old table all the same, one transaction replaces it, and its readers wait. -#}
{% materialization table, adapter = "postgres" %}
    {%- set table = this.incorporate(type="table") -%}
    {{ begin_model() }}
    {%- call statement("main") -%} {{ get_create_table_as_sql(False, table, sql) }} {%- endcall -%}
    {%- do create_indexes(table) -%}
    {{ commit_model(table) }}
    {{ return({"relations": [table]}) }}
{% endmaterialization %}

{#- Build a view under its own name, for the same reason. -#}
{% materialization view, adapter = "postgres" %}
    {%- set view = this.incorporate(type="view") -%}
    {{ begin_model() }}
    {%- call statement("main") -%} {{ get_create_view_as_sql(view, sql) }} {%- endcall -%}
    {{ commit_model(view) }}
    {{ return({"relations": [view]}) }}
{% endmaterialization %}

{#- Begin the transaction that builds a model, and drop the model's old table or view. -#}
{% macro begin_model() -%}
    {%- if config.get("grants") -%}
        {{
            exceptions.raise_compiler_error(
                "Grants come with the schema. dbt's are not applied."
            )
        }}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
{%- endmacro %}

{#- Describe the new table or view in the database, and commit the transaction. -#}
{% macro commit_model(relation) -%}
    {%- do persist_docs(relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
{%- endmacro %}

{#- Build a table on Spark. A view is built as a table too: Spark computes a view again each time that it is
    read, and the restatement's views are read many times. -#}
{% materialization table, adapter = "spark" %}
    {{ return(_table_on_spark()) }}
{% endmaterialization %}

{% materialization view, adapter = "spark" %}
    {{ return(_table_on_spark()) }}
{% endmaterialization %}

{% macro _table_on_spark() -%}
    {%- set table = this.incorporate(type="table") -%}
    {%- call statement("drop") -%} drop table if exists {{ table }}
    {%- endcall -%}
    {%- call statement("main") -%} create table {{ table }} using parquet as {{ sql }}
    {%- endcall -%}
    {{ return({"relations": [table]}) }}
{%- endmacro %}
