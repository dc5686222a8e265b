"""Asking a saved model: its network in NumPy, where texts come from, answers, explanations, reports.

It may import `model`, `data`, `text`, and of `recurrence` what needs no engine. It does not know
`training`.
"""
