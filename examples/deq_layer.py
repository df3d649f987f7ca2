"""A deep-equilibrium classifier: one implicit layer between two linear ones, trained a few steps with torch's own Adam."""

import torch

import fathom


class DEQLayer(torch.nn.Module):
    """y* = tanh(W y* + U x), ||W|| < 1, with the implicit gradient: the memory of one evaluation, however many it takes."""

    def __init__(self, inputs, width):
        super().__init__()
        self.state = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(width, width, bias=False))
        self.inject = torch.nn.Linear(inputs, width)

    def forward(self, x):
        weight, injection = 0.9 * self.state.weight, self.inject(x)
        rows_of = lambda rows: injection if rows is None else injection[rows]
        G = lambda y, rows: torch.tanh(y @ weight.T + rows_of(rows))
        return fathom.equilibrium(G, torch.zeros_like(injection), fathom.Anderson(), stop=fathom.Stop(rtol=1e-4)).y


torch.manual_seed(0)
points = torch.rand(512, 2) * 3 - 1.5
inside = (points.square().sum(1) < 1).long()  # of the unit circle
model = torch.nn.Sequential(DEQLayer(2, 32), torch.nn.Linear(32, 2))
adam = torch.optim.Adam(model.parameters(), 2e-2)
for step in range(100):
    logits = model(points)
    adam.zero_grad()
    torch.nn.functional.cross_entropy(logits, inside).backward()
    adam.step()
accuracy = (logits.argmax(1) == inside).double().mean().item()
print(f"training accuracy after 100 steps: {accuracy:.3f}")
assert accuracy > 0.9, accuracy
