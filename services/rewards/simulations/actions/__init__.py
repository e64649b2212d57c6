"""Starting and stopping runs, going through their orders, and trying rules on an order that nobody placed."""
