"""What is so now: views of schema `state`, and what they need that SQL cannot see.

- `views/*.sql`: the views. `state.problem` has one row for each thing that is wrong now.
- `problems.yml`: each kind of problem in words.
- `apply.py`: makes the views, whenever the code that defines them has changed.
- `read.py`: reads the rows, and knows what to say if the warehouse does not answer.

A new problem is a row of the view `state.found_problem`, an entry in `problems.yml`, and a test.
docs/decisions/0068-problems-and-monitoring.md says why.
"""
