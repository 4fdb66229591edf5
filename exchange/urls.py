from django.urls import path

from .views import actions, detail, layouts, lists

app_name = "exchange"

urlpatterns = [
    path("", lists.import_list, name="list"),
    path("upload/", lists.import_upload, name="upload"),
    path("layouts/", layouts.layouts, name="layouts"),
    path("layouts/<int:pk>/", layouts.layout, name="layout"),
    path("layouts/<int:pk>/delete/", layouts.layout_delete, name="layout_delete"),
    path("layouts/<int:pk>/put-back/", layouts.layout_restore, name="layout_restore"),
    path("<int:pk>/", detail.import_detail, name="detail"),
    path("<int:pk>/reading/", actions.import_reading, name="reading"),
    path("<int:pk>/correct/", actions.import_correct, name="correct"),
    path("<int:pk>/apply/", actions.import_apply, name="apply"),
    path("<int:pk>/undo/", actions.import_undo, name="undo"),
    path("<int:pk>/stop/", actions.import_stop, name="stop"),
    path("<int:pk>/discard/", actions.import_discard, name="discard"),
    path("<int:pk>/refused/", detail.import_refused, name="refused"),
    path("<int:pk>/creations/", detail.import_creations, name="creations"),
    path("<int:pk>/file/", detail.import_file, name="file"),
]
