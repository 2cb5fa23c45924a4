"""Which parts of a recipe go together; what does not is refused before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripts.training.config import DecoderSection, Recipe

Keys = dict[str, Any]


def complete_decoder(keys: Keys) -> Keys:
    """Return the keys of a decoder with those that follow from others.

    A Transformer attends with `multi-head`; a decoder without attention has the attention `none`,
    and one with the attention `none` that says no more lives on feedback.

    >>> complete_decoder({"conditioning": "peek"})
    {'attention': 'none', 'conditioning': 'peek'}
    >>> complete_decoder({"attention": "none"})
    {'conditioning': 'feedback', 'attention': 'none'}
    """
    if keys.get("kind") == "transformer":
        return {"attention": "multi-head", **keys}
    if keys.get("conditioning", "attention") != "attention":
        return {"attention": "none", **keys}
    if keys.get("attention") == "none":
        return {"conditioning": "feedback", **keys}
    return keys


def spread_depth(keys: Keys) -> Keys:
    """Return the keys of a recipe with `model.depth` as `encoder.layers` and `decoder.layers`.

    >>> spread_depth({"model": {"depth": [4, 5]}})
    {'model': {}, 'encoder': {'layers': 4}, 'decoder': {'layers': 5}}

    Raises:
        ValueError: it is neither a number nor two, or the layers are said as well.
    """
    model = keys.get("model")
    if not isinstance(model, dict) or "depth" not in model:
        return keys
    depth = model["depth"]
    pair = (depth, depth) if isinstance(depth, int) else depth
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ValueError("model.depth is one number, or two: [encoder, decoder]")
    result = {**keys, "model": {key: model[key] for key in model if key != "depth"}}
    for name, layers in zip(("encoder", "decoder"), pair, strict=True):
        section = keys.get(name, {})
        if "layers" in section:
            raise ValueError(f"model.depth says {name}.layers, too: leave one of them out")
        result[name] = {**section, "layers": layers}
    return result


def check_decoder(decoder: DecoderSection) -> None:
    """Check a decoder by itself.

    Raises:
        ValueError: two of its keys contradict each other.
    """
    attends = decoder.conditioning == "attention"
    if attends != (decoder.attention != "none"):
        raise ValueError(
            f"decoder.conditioning `{decoder.conditioning}` does not go with "
            f"decoder.attention `{decoder.attention}`: only `attention` has one"
        )
    if (decoder.kind == "transformer") != (decoder.attention == "multi-head"):
        raise ValueError(
            f"decoder.attention `{decoder.attention}` does not go with decoder.kind "
            f"`{decoder.kind}`: a Transformer has `multi-head`, and nothing else has it"
        )
    if decoder.kind == "transformer" and decoder.units % decoder.heads:
        raise ValueError(f"{decoder.heads} heads do not divide {decoder.units} units")
    if decoder.coverage and not decoder.copying:
        raise ValueError("decoder.coverage needs decoder.copying")
    if decoder.copying and not attends:
        raise ValueError("decoder.copying needs an attention")
    if decoder.copying and decoder.kind == "transformer":
        raise ValueError("decoder.copying is of recurrent decoders")


def check_recipe(recipe: Recipe) -> None:
    """Check the parts of a recipe against each other.

    Raises:
        ValueError: two of them do not go together.
    """
    _check_pictures(recipe)
    _check_puzzle(recipe)
    _check_targets(recipe)
    encoder, decoder, fit = recipe.encoder, recipe.decoder, recipe.fit
    if decoder.kind == "transformer" and recipe.model.embedding != decoder.units:
        raise ValueError(
            f"a Transformer decoder needs model.embedding = decoder.units; "
            f"they are {recipe.model.embedding} and {decoder.units}"
        )
    if decoder.broadcast:
        kinds = {encoder.kind, decoder.kind}
        mine, other = ((s.cell, s.layers, s.units) for s in (decoder, encoder))
        if kinds != {"recurrent"} or mine != other:
            raise ValueError(
                "decoder.broadcast needs a recurrent encoder and decoder "
                "that agree in cell, layers and units"
            )
    if recipe.tokenizer.dropout and recipe.tokenizer.kind not in ("subword", "elided"):
        raise ValueError("tokenizer.dropout is BPE-dropout, of the kinds `subword` and `elided`")
    if fit.scheduled_sampling and (decoder.copying or fit.objective == "cider"):
        raise ValueError("fit.scheduled_sampling goes neither with copying nor with `cider`")


def _check_pictures(recipe: Recipe) -> None:
    images = recipe.encoder.kind == "image"
    if (recipe.task == "caption") != images:
        raise ValueError("task `caption` needs encoder.kind `image`, and no other task does")
    if recipe.fit.objective == "cider" and not images:
        raise ValueError("fit.objective `cider` is of captions")
    if images and recipe.decoder.copying:
        raise ValueError("decoder.copying needs a text to copy from")
    if images and recipe.fit.consistency:
        raise ValueError("fit.consistency is of texts: a caption has four others to agree with")
    if images and recipe.decoder.attention.startswith("local"):
        raise ValueError("a local attention moves along a text; a picture has no order")


def _check_puzzle(recipe: Recipe) -> None:
    puzzle, corpora = recipe.data.puzzle, recipe.data.corpora
    if puzzle is None:
        return
    if recipe.task != "generate":
        raise ValueError("data.puzzle is of the task `generate`")
    if puzzle.of_words and not corpora:
        raise ValueError(f"the rule `{puzzle.rule}` needs data.corpora to take its words from")
    if corpora and not puzzle.of_words:
        raise ValueError(f"the rule `{puzzle.rule}` takes nothing from data.corpora")


def _check_targets(recipe: Recipe) -> None:
    data, languages = recipe.data, recipe.data.target_languages
    for about in recipe.evaluate.sets:
        if data.language_of(about) not in languages:
            raise ValueError(
                f"evaluation set {about.name} is in {about.target_language}; "
                f"the corpora are in {', '.join(languages)}"
            )
    if len(languages) == 1:
        return
    if recipe.task != "translate":
        raise ValueError("several target languages are of the task `translate`")
    if recipe.decoder.conditioning == "repeat":
        raise ValueError(
            "decoder.conditioning `repeat` ignores tokens, and so the tag that names the language: "
            "it cannot write several"
        )
    trained = {data.language_of(corpus) for corpus in data.corpora if corpus.train}
    for language in languages:
        if language not in trained:
            raise ValueError(f"no corpus with `train` is in {language}; check data.target_language")
