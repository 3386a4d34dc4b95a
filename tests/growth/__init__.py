"""What must stay as fast at ten million referrals as at ten thousand: plans, pages, counts, months, roll-ups."""
