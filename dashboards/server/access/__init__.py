"""Who may come in and what each may do: rights and roles, the gate before every route, sessions and tickets."""
