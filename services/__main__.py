"""`python -m services …` is `kith …`, for places where the console script is not on the path."""

from services.cli.app import main

if __name__ == "__main__":
    main()
