"""The pairwise part of minibatch discrimination in PyTorch: by broadcasting, or with the suffix -cdist by
torch.cdist."""

from contestant import checked, compete, options, tensors

import torch

torch.set_num_threads(options.threads)
cdist = options.work.endswith("-cdist")
count = int(options.work.removesuffix("-cdist").split("-")[1])


def similarities(m):
    if cdist:
        by_kernel = m.transpose(0, 1).contiguous()
        return torch.exp(-torch.cdist(by_kernel, by_kernel, p=1)).sum(2).T
    return torch.exp(-(m[:, None] - m[None]).abs().sum(-1)).sum(1)


given = {name: torch.from_numpy(value) for name, value in tensors().items()} if options.check else None
points = given["points"].clone() if given else torch.randn(count, 100, 5)
cotangent = given["cotangent"] if given else torch.randn(count, 100)
points.requires_grad_(True)

if given:
    o = similarities(points)
    gradient = torch.autograd.grad(o, points, cotangent)[0]
    checked([[(o**2).sum().item(), (gradient**2).sum().item()]])


def run(times):
    for _ in range(times):
        points.grad = None
        similarities(points).backward(cotangent)


compete(run, warm=1)
