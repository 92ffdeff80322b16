"""Starts the simulated services, builds examples/c/tour.c as a stranger would, and runs it."""
import subprocess
import sys

import programs


def main():
    tour = programs.build_example("tour")
    with programs.simulator("--jobs", "120") as simulator:
        print("simulated services listen on this machine; the program is examples/c/tour.c", flush=True)
        sys.exit(subprocess.run([str(tour)], env=programs.tour_environment(simulator.info)).returncode)


main()
