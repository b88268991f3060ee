// PlantTesting: being built.
