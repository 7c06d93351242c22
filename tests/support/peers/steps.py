"""Named steps of a long test: each prints its result and time at once; a failed one does not hide
those after it, except where they say that they need it. Ends with a count, and code 1 or 77."""

import time
import traceback


class Steps:
    def __init__(self, title):
        self.title, self.begun = title, time.monotonic()
        self.passed, self.failed, self.skipped = [], [], []

    def say(self, text):
        print(f"{self.title}: {time.monotonic() - self.begun:6.1f} s  {text}", flush=True)

    def do(self, name, call, *args, needs=()):
        """Runs call(*args); returns what it gave, or None after a failure."""
        lacking = [n for n in needs if n not in self.passed]
        if lacking:
            self.skip(name, f"needs '{lacking[0]}'")
            return None
        try:
            result = call(*args)
        except Exception as error:  # pylint: disable=broad-except
            self.failed.append(name)
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.say(f"FAILED   {name}\n    {place.filename}:{place.lineno} in {place.name}: "
                     f"{type(error).__name__}: {str(error)[:3000]}")
            return None
        self.passed.append(name)
        self.say(f"ok       {name}")
        return result if result is not None else True

    def skip(self, name, reason):
        self.skipped.append(name)
        self.say(f"SKIPPED  {name}: {reason}")

    def end(self):
        print(f"{len(self.passed)} passed, {len(self.failed)} failed, "
              f"{len(self.skipped)} skipped", flush=True)
        for name in self.failed:
            print(f"  failed: {name}")
        return 1 if self.failed else 0 if self.passed else 77
