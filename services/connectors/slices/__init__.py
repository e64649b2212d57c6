"""What this service keeps of the set-up that links owns: what stands for nobody at a store."""
