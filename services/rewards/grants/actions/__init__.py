"""What happens to rewards: decisions come in, programs come in, holds end, people approve and reject."""
