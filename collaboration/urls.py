from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import actions, alerts, comments, decisions, notifications

app_name = "collaboration"

urlpatterns = [
    path("alerts/", alerts.alert_list, name="alerts"),
    path("alerts/<int:pk>/", alerts.alert_detail, name="alert"),
    path("alerts/<int:pk>/later/", alerts.snooze, name="alert_snooze"),
    path("alerts/<int:pk>/close/", alerts.close, name="alert_close"),
    path("alerts/<int:pk>/reopen/", alerts.reopen, name="alert_reopen"),
    path("decisions/", decisions.decision_list, name="decisions"),
    path("decisions/export/<str:kind>/", decisions.decision_export, name="decisions_export"),
    path("actions/", actions.action_list, name="actions"),
    path("actions/new/", actions.create, name="action_new"),
    path("actions/about/<slug:kind>/<int:pk>/", actions.create_about, name="action_new_about"),
    path("actions/<int:pk>/", actions.edit, name="action"),
    path("actions/<int:pk>/done/", actions.done, name="action_done"),
    path("actions/<int:pk>/remove/", actions.remove, name="action_remove"),
    path("notifications/", notifications.notification_list, name="notifications"),
    path("notifications/read/", notifications.read, name="notifications_read"),
    path("notifications/<int:pk>/", notifications.follow_through, name="notification"),
    path("products/<product_code:code>/follow/", comments.follow, name="follow"),
    path("comments/<slug:kind>/<int:pk>/", comments.add, name="comment_add"),
    path("comments/<int:pk>/", comments.edit, name="comment"),
    path("comments/<int:pk>/withdraw/", comments.withdraw, name="comment_withdraw"),
    path("people/mention/", comments.mention, name="mention"),
]
