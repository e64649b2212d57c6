"""The way of a click, without a framework: `entry` is a link ready to redirect, `cache` keeps entries, `clicks` keeps
clicks, `handler` answers.
"""
