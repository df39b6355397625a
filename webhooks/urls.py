"""/api/v1/webhooks/."""

from django.urls import path

from webhooks import receiver, views

urlpatterns = [
    path("github", receiver.receive, name="webhook-receiver"),
    path("github/<int:config_id>", receiver.receive, name="webhook-receiver-of"),
    path("configs", views.Configs.as_view(), name="webhook-configs"),
    path("configs/<int:pk>", views.Config.as_view(), name="webhook-config"),
    path("events", views.Events.as_view(), name="webhook-events"),
    path("events/<int:pk>", views.Event.as_view(), name="webhook-event"),
    path("events/<int:pk>/replay", views.Replay.as_view(), name="webhook-event-replay"),
]
