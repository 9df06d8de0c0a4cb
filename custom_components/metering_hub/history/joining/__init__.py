"""Join the statistic of an older sensor before the first hour of one of ours."""
