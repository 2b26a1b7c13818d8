// KDE's "Share > Imgur" without its menu: the plug-in is run by KDE's own part for QML, on the address of a file that is
// the last word of the command. Writes one line of JSON.
import QtQuick 2.5
import org.kde.purpose 1.0

Item {
    id: share

    readonly property int nameOfPlugin: 257
    property var said: []
    property var alternatives: PurposeAlternativesModel {
        inputData: ({
            "urls": [Qt.application.arguments[Qt.application.arguments.length - 1]],
            "mimeType": "image/png"
        })
        pluginType: "Export"
    }
    property var controller: PurposeJobController {
        model: share.alternatives
        // The plug-in says the link and then the delete hash, as notes for who shares; its job is gone once it ends.
        onJobChanged: {
            if (job)
                job.infoMessage.connect(function (of, plain) { share.said.push(plain); });
        }
        onStateChanged: {
            if (state === PurposeJobController.Finished) {
                console.log(JSON.stringify({ "link": share.said[1], "delete": share.said[2] }));
                Qt.exit(0);
            } else if (state === PurposeJobController.Error) {
                Qt.exit(1);
            }
        }
    }

    Component.onCompleted: {
        for (var row = 0; row < alternatives.rowCount(); row++) {
            if (alternatives.data(alternatives.index(row, 0), nameOfPlugin) === "imgurplugin")
                controller.index = row;
        }
        controller.configure(); // there is nothing to ask, so it begins
    }
}
