"""The portal's pages, room by room; a new room is named here."""

from services.gateway.portal.rooms import (
    accounts,
    availability,
    check,
    conversations,
    dashboard,
    guidance,
    home,
    learning,
    learning_certificates,
    learning_course,
    learning_deltas,
    learning_quiz,
    learning_scenario,
    policies,
    preferences,
    privacy,
    styleguide,
)
from services.gateway.portal.visit import Room

ROOMS: tuple[Room, ...] = (
    home.room,
    policies.room,
    learning.room,
    learning_certificates.room,
    learning_deltas.room,
    learning_quiz.room,
    learning_scenario.room,
    learning_course.room,
    check.room,
    conversations.room,
    availability.room,
    guidance.room,
    accounts.room,
    privacy.room,
    dashboard.room,
    preferences.room,
    styleguide.room,
)
