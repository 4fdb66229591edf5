"""One model a file. Each takes a filled history and answers the mean of the next periods, shape
(horizon,)."""
