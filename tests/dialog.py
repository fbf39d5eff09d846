"""Take in a case in words: ask for what is missing, show what would be done, do it after a yes."""

import asyncio

from case_tools import CaseDesk, Settings


async def main() -> None:
    """Ask until the case is open, or the person does not want it."""
    slots: dict[str, str] = {}
    confirmation: str | None = None
    async with CaseDesk(Settings.from_environment()) as desk:
        while True:
            outcome = await desk.outcome("create_case", slots, confirmation=confirmation)
            if outcome["ok"]:
                print(f"Your case is {outcome['ref']}.")
                return
            answer = await asyncio.to_thread(input, f"{outcome['say']} ")
            match outcome["problem"]:
                case "missing" | "invalid" as problem:
                    slots[outcome[problem][0]] = answer
                case "confirm" if answer.casefold().startswith("y"):
                    confirmation = outcome["confirmation"]
                case _:
                    print("Then I leave it.")
                    return


if __name__ == "__main__":
    asyncio.run(main())
