// PlantSimulation: being built.
