"""The vocabulary that several services share and that means something in the business."""
