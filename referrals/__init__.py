"""One hospital asks another to take over a patient, and the patient comes back: the two-way referral."""
