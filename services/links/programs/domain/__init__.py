"""Rules of programs: how a change meets one (`merge`), and what one says in plain words (`words`). Pure."""
