-- What is wrong now: what it is called, since when, and what readers see meanwhile.
select title, severity, since, readers_see, who
from state.problem_for_readers
