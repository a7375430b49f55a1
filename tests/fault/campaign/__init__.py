"""The fault campaign: one system under steady load of known truth, harmed again and again, judged after each harm."""
