"""Links: who shares and what they share. The first service that a referral passes through; README.md is the guide."""
