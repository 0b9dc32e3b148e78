select to_stage as stage, count(*) as customers from stages where present group by stage;
