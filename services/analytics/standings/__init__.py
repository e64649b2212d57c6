"""The ambassadors of a store by what they brought: in any order, narrowed, and one by one."""
