"""The model family: encoders, attentions and decoders in backend-neutral Keras 3."""
