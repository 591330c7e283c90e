-- What is wrong now: what it is called, what waits for a person, since when, and what readers see meanwhile.
select title, what, severity, since, readers_see, who
from state.problem_for_readers
