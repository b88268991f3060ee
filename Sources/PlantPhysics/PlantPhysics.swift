// PlantPhysics: being built.
