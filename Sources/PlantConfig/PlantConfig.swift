// PlantConfig: being built.
